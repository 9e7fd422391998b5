const watchMs = 10_000; // a canary that is up may turn out to be dead for so long
const drawMs = 2000; // it may be about to draw, for the first time or again

/** Calls `dead` where a canary draws nothing any more, after an error that nobody caught. Answers what ends that. */
export function watchCrash({ listen, isTouched, isBlankNow }, dead) {
  let poll;
  let blankSince;
  const look = () => {
    if (isTouched()) end();
    else if (!isBlankNow()) blankSince = undefined;
    else if (performance.now() - (blankSince ??= performance.now()) > drawMs) {
      end();
      dead();
    }
  };
  const seen = () => (poll ??= setInterval(look, 100));
  // An error of an element, such as a picture that is missing, is none of the code.
  const leaves = [listen("error", (event) => event instanceof ErrorEvent && seen()), listen("unhandledrejection", seen)];
  const end = () => {
    for (const leave of leaves) leave();
    clearInterval(poll);
    clearTimeout(timer);
  };
  const timer = setTimeout(end, watchMs);
  return end;
}
