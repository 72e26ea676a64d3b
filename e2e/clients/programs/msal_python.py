# Microsoft's library for Python, by other authors in another language, as Debian packages it: tokens by secret and by
# certificate, a person by code and PKCE, one page of people, and what it makes of refusals.
import base64
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlparse

import msal
import requests

TASK = json.loads(os.environ["CLIENT_TASK"])
SCOPE = [TASK["scope"]]
EXTRA = {"instance_discovery": False} if TASK["isElsewhere"] else {}


def client(credential, tenant=TASK["tenantId"]):
    return msal.ConfidentialClientApplication(
        TASK["appId"], authority=f"{TASK['login']}/{tenant}", client_credential=credential, **EXTRA
    )


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def outline(answer):
    if "access_token" not in answer:
        return answer
    claims = claims_of(answer["access_token"])
    return {"aud": claims["aud"], "appidacr": claims["appidacr"], "tid": claims["tid"], "roles": len(claims.get("roles", []))}


def sign_in():
    """One person by code and PKCE; the browser is whoever reads our output."""
    arrived = []

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self):
            arrived.append(dict(parse_qsl(urlparse(self.path).query)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Callback)
    app = client(TASK["clientSecret"])
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=f"http://localhost:{server.server_port}/sign-in/callback")
    print(json.dumps({"open": flow["auth_uri"]}), flush=True)
    server.handle_request()
    server.server_close()
    answer = app.acquire_token_by_auth_code_flow(flow, arrived[0])
    if "id_token_claims" not in answer:
        return answer
    again = app.acquire_token_by_auth_code_flow(flow, arrived[0])
    found = answer["id_token_claims"]
    return {"tid": found["tid"], "oid": found["oid"], "aud": found["aud"], "secondTime": again.get("error_codes")}


with open(TASK["certificate"]["keyFile"], encoding="ascii") as file:
    CERTIFICATE = {"private_key": file.read(), "thumbprint": TASK["certificate"]["sha1"]}

by_secret = client(TASK["clientSecret"]).acquire_token_for_client(SCOPE)
by_certificate = client(CERTIFICATE).acquire_token_for_client(SCOPE)
wrong = client("not-the-secret").acquire_token_for_client(SCOPE)
people = requests.get(
    f"{TASK['graph']}/v1.0/users?$top=2&$select=id", headers={"Authorization": f"Bearer {by_secret['access_token']}"}, timeout=30
)
result = {
    "version": msal.__version__,
    "tokens": {"secret": outline(by_secret), "certificate": outline(by_certificate)},
    "refusals": {"wrongSecret": [wrong.get("error"), wrong.get("error_codes")]},
    "people": [people.status_code, len(people.json()["value"]), urlparse(people.json()["@odata.nextLink"]).netloc],
    "person": sign_in(),
}
print(json.dumps({"result": result}), flush=True)
sys.exit(0)
