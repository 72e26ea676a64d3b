/** `SEEDS=20 npm run test:seeds -- rough-day`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('rough-day');
