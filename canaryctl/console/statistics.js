// Bands of a rate that hold at every look, as the judge's ranges do: a mixture over all rates, and the rates that it does
// not exclude.

/** The evidence that excludes a rate. */
const LN_EXCLUDED = Math.log(20);

/** ln of the gamma function, by Stirling's series. */
export function lnGamma(x) {
  let shift = 0;
  let at = x;
  while (at < 8) {
    shift += Math.log(at);
    at += 1;
  }
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse / 1260)) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** The lowest and highest rate that are not excluded after `bad` of `of` views. */
export function band(bad, of) {
  const good = of - bad;
  if (!(of > 0) || bad < 0 || good < 0) return [0, 1];
  const mixture = lnGamma(bad + 0.5) + lnGamma(good + 0.5) - lnGamma(of + 1) - Math.log(Math.PI);
  const excluded = (p) => mixture - bad * Math.log(p) - good * Math.log1p(-p) > LN_EXCLUDED;
  const rate = bad / of;
  const edge = (from, to) => {
    let [inside, outside] = [from, to];
    for (let round = 0; round < 30; round += 1) {
      const middle = (inside + outside) / 2;
      if (excluded(Math.min(Math.max(middle, 1e-12), 1 - 1e-12))) outside = middle;
      else inside = middle;
    }
    return inside;
  };
  return [bad > 0 ? edge(rate, 0) : 0, good > 0 ? edge(rate, 1) : 1];
}

/** The points of a chart: at most `most` of them, each the sum of neighbors. */
export function points(series, most) {
  const size = Math.max(1, Math.ceil(series.minutes.length / most));
  const result = [];
  for (let from = 0; from < series.minutes.length; from += size) {
    const to = Math.min(from + size, series.minutes.length);
    const sum = (list) => {
      let total = 0;
      for (let index = from; index < to; index += 1) total += list?.[index] ?? 0;
      return total;
    };
    const arm = (counts) => ({ of: sum(counts.exposed), bad: sum(counts.bad["not-ready"]) });
    result.push({
      from: series.minutes[from] * series.window,
      to: (series.minutes[to - 1] + (series.every ?? 1)) * series.window,
      canary: arm(series.canary),
      stable: arm(series.stable),
      set: series.set[to - 1] ?? null,
    });
  }
  return result;
}

/** Sums up points from the begin on, with the band of each sum. */
export function cumulated(list) {
  const sums = { canary: { of: 0, bad: 0 }, stable: { of: 0, bad: 0 } };
  return list.map((point) => {
    const next = { at: point.to, from: point.from };
    for (const arm of ["canary", "stable"]) {
      sums[arm].of += point[arm].of;
      sums[arm].bad += point[arm].bad;
      const { of, bad } = sums[arm];
      const rate = of > 0 ? Math.max(0, bad / of) : null;
      next[arm] = { of, bad, rate, band: rate === null ? null : band(Math.min(Math.max(bad, 0), of), of) };
    }
    return next;
  });
}
