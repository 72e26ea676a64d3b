/** `SEEDS=20 npm run test:seeds -- replication-hell`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('replication-hell');
