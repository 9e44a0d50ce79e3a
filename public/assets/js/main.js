import { enhanceBuying } from './buy.js';
import { shortenHolds } from './hold.js';
import { watch } from './live.js';
import { enhanceOperatorTools } from './operator.js';
import { showLocalTimes } from './times.js';

showLocalTimes(document);
enhanceBuying();
enhanceOperatorTools();
shortenHolds();
void watch();
