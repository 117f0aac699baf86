// Claims, in the way of assert, and a runner that counts.

export function equal(got, want, what) {
  if (!Object.is(got, want)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

export function isTrue(value, what) {
  if (!value) throw new Error(what);
}

function limited(promise, ms) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

// Runs cases one after another. A case is {name, run, needs?}; `needs` says what is missing here to run it, if anything.
export async function runAll(cases, context, caseMs = 120_000) {
  const counts = { passed: 0, failed: [] };
  for (const one of cases) {
    const lack = await one.needs?.();
    if (lack) {
      console.log(`note: not run, as it needs ${lack}: ${one.name}`);
      continue;
    }
    const began = Date.now();
    const seconds = () => ((Date.now() - began) / 1000).toFixed(1);
    try {
      await limited(one.run(context), caseMs);
      counts.passed++;
      console.log(`ok   ${one.name} (${seconds()} s)`);
    } catch (error) {
      counts.failed.push(one.name);
      console.log(`FAIL ${one.name} (${seconds()} s)\n     ${error.message}`);
    }
    await context.afterEach?.();
  }
  return counts;
}
