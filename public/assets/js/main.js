import { watch } from './live.js';
import { showLocalTimes } from './times.js';

showLocalTimes(document);
void watch();
