/** `SEEDS=20 npm run test:seeds -- lossy-network`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('lossy-network');
