// While a transfer or a call runs, the screen stays on; closing the page in a transfer asks first.

let lock: WakeLockSentinel | undefined;
let isBusy = false;

async function acquire(): Promise<void> {
  if (!isBusy || document.visibilityState !== "visible") return;
  try {
    lock = await navigator.wakeLock?.request("screen");
  } catch {
    // A low battery, or a browser without it: the transfer runs as long as the screen does.
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

export function setBusy(busy: boolean, asks = true): void {
  if (busy === isBusy) return;
  isBusy = busy;
  if (busy) {
    if (asks) addEventListener("beforeunload", warn);
    document.addEventListener("visibilitychange", acquire);
    void acquire();
  } else {
    removeEventListener("beforeunload", warn);
    document.removeEventListener("visibilitychange", acquire);
    void lock?.release().catch(() => undefined);
    lock = undefined;
  }
}
