// yodel send and yodel receive, as their users see them.
//
// YODEL names the program; CASE=PART runs only the cases whose names hold that.

import { runAll } from "./transfer/check.mjs";
import { accidents } from "./transfer/accidents.mjs";
import { addresses } from "./transfer/addresses.mjs";
import { codes } from "./transfer/codes.mjs";
import { disks } from "./transfer/disks.mjs";
import { foreign } from "./transfer/foreign.mjs";
import { files } from "./transfer/files.mjs";
import { terminal } from "./transfer/terminal.mjs";

const wanted = process.env.CASE ?? "";
const cases = [accidents, addresses, files, codes, foreign, disks, terminal].flat().filter(({ name }) => name.includes(wanted));

const { passed, failed } = await runAll(cases, 3);
console.log(`${passed} of ${passed + failed} cases passed`);
process.exit(failed > 0 ? 1 : 0);
