/** `SEEDS=20 npm run test:seeds -- throttled-tenant`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('throttled-tenant');
