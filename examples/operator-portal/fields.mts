/**
 * Form fields with their label, hint and error, tied together for those who do not see them (WAI-ARIA `aria-describedby`,
 * `aria-invalid`). A password is never written back into a page.
 */
import { csrfField, html, type Html, type Viewer } from './html.mts';

/** Why a form was not accepted. */
export interface Problem {
  /** Name of the field it is about; undefined when it is about none. */
  readonly field?: string | undefined;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly code?: string | undefined;
  /** One line each, for instance what is in the way. */
  readonly items?: readonly string[] | undefined;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly problem?: Problem | undefined;
  readonly required?: boolean;
  /** Of one that is required only together with another: neither marked nor demanded by the browser. */
  readonly depends?: boolean;
}

interface TextField extends Field {
  readonly value?: string;
  readonly type?: 'text' | 'number';
  readonly maxLength?: number;
}

export function textField(field: TextField): Html {
  const { name, type = 'text', value = '', maxLength } = field;
  return wrap(field, html`<input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="off"${maxLength !== undefined && html` maxlength="${maxLength}"`}${flags(field)}>`);
}

export function areaField(field: TextField): Html {
  const { name, value = '', maxLength } = field;
  return wrap(field, html`<textarea id="${name}" name="${name}" rows="3"${maxLength !== undefined && html` maxlength="${maxLength}"`}${flags(field)}>
${value}</textarea>`);
}

export function fileField(field: Field & { readonly accept: string }): Html {
  return wrap(field, html`<input id="${field.name}" name="${field.name}" type="file" accept="${field.accept}"${flags(field)}>`);
}

export function passwordField(field: Field & { readonly isNew: boolean }): Html {
  return wrap(field, html`<input id="${field.name}" name="${field.name}" type="password" autocomplete="${field.isNew ? 'new-password' : 'off'}"${flags(field)}>`);
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

export function selectField(field: Field & { readonly value: string; readonly choices: readonly Choice[] }): Html {
  const options = field.choices.map(({ value, label }) => html`<option value="${value}"${value === field.value && html` selected`}>${label}</option>`);
  return wrap(field, html`<select id="${field.name}" name="${field.name}"${flags(field)}>${options}</select>`);
}

export function radioField(field: Field & { readonly value?: string; readonly choices: readonly (Choice & { readonly note: string })[] }): Html {
  const { name, label, value: chosen } = field;
  const choices = field.choices.map(
    ({ value, label: choice, note }, index) => html`<div class="choice"><input type="radio" id="${name}-${index}" name="${name}" value="${value}" required${value === chosen && html` checked`}><label for="${name}-${index}">${choice} <span class="mono">${note}</span></label></div>`,
  );
  return html`<fieldset id="${name}"${isWrong(field) && html` aria-invalid="true" aria-describedby="${name}-error"`}><legend>${label}</legend>${errorOf(field)}${choices}</fieldset>`;
}

export function checkField(field: Field & { readonly checked?: boolean }): Html {
  const { name, label } = field;
  return html`<div class="choice">${errorOf(field)}<input type="checkbox" id="${name}" name="${name}" value="yes"${field.checked === true && html` checked`}${flags(field)}><label for="${name}">${label}</label>${hintOf(field)}</div>`;
}

function wrap(field: Field, control: Html): Html {
  return html`<div class="field"><label for="${field.name}">${field.label}${field.required !== true && field.depends !== true && html` <span class="optional">optional</span>`}</label>${hintOf(field)}${errorOf(field)}${control}</div>`;
}

function hintOf({ name, hint }: Field): Html | undefined {
  return hint === undefined ? undefined : html`<p class="hint" id="${name}-hint">${hint}</p>`;
}

function errorOf(field: Field): Html | false {
  return isWrong(field) && html`<p class="error" id="${field.name}-error">${field.problem?.message}</p>`;
}

function isWrong({ name, problem }: Field): boolean {
  return problem?.field === name;
}

/** What is wrong gets the focus when the page is shown. */
function flags(field: Field): Html {
  const described = [field.hint === undefined ? '' : `${field.name}-hint`, isWrong(field) ? `${field.name}-error` : ''].filter((id) => id !== '').join(' ');
  return html`${described !== '' && html` aria-describedby="${described}"`}${isWrong(field) && html` aria-invalid="true" autofocus`}${field.required === true && html` required`}`;
}

interface FormOptions {
  readonly action: string;
  readonly viewer: Viewer;
  readonly body: Html;
  /** Of the button that submits it. */
  readonly button: string;
  readonly testId: string;
  readonly isUpload?: boolean;
  readonly isDangerous?: boolean;
  /** Where one goes who changes their mind. */
  readonly cancel?: string;
}

export function form({ action, viewer, body, button, testId, isUpload, isDangerous, cancel }: FormOptions): Html {
  return html`<form method="post" action="${action}"${isUpload === true && html` enctype="multipart/form-data"`}>${csrfField(viewer)}${body}<p class="actions"><button data-testid="${testId}"${isDangerous === true && html` class="danger"`}>${button}</button>${cancel !== undefined && html` <a href="${cancel}">Cancel</a>`}</p></form>`;
}

/** What went wrong, at the top of the page; announced at once. */
export function showProblem(problem: Problem | undefined): Html | undefined {
  if (problem === undefined) return undefined;
  const { field, message, remedy, code, items = [] } = problem;
  return html`<section class="problem" role="alert" data-testid="problem"><h2>That was not done</h2>
<p data-testid="problem-message">${field === undefined ? message : html`<a href="#${field}">${message}</a>`}</p>
${items.length > 0 && html`<ul data-testid="problem-items">${items.map((item) => html`<li>${item}</li>`)}</ul>`}
${remedy !== undefined && html`<p data-testid="problem-remedy">${remedy}</p>`}
${code !== undefined && html`<p class="code">${code}</p>`}</section>`;
}
