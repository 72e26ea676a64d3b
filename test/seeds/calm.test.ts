/** `SEEDS=20 npm run test:seeds -- calm`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('calm');
