// For how long one position has been lacking what another has: by this process's own clock, so that no other clock counts.

export interface Behind {
  /** Milliseconds; 0 where nothing is lacking. */
  ms(): number
  stop(): void
}

const sampleMs = 500
const mostSamples = 600

/** `ahead` says what there is, `position` how far one has got. Both only grow. */
export function watchBehind(
  ahead: () => number,
  position: () => number,
  clock: () => number = () => performance.now(),
): Behind {
  /** What there was when, as far as it has not been got to. */
  let samples: { at: number; ahead: number }[] = []
  const sample = () => {
    const now = position()
    samples = samples.filter(one => one.ahead > now)
    if (samples.length >= mostSamples) samples = samples.filter((_, n) => n % 2 === 0)
    if (ahead() > (samples.at(-1)?.ahead ?? now)) samples.push({ at: clock(), ahead: ahead() })
  }
  const timer = setInterval(sample, sampleMs).unref()
  return {
    ms: () => {
      sample()
      return samples[0] ? clock() - samples[0].at : 0
    },
    stop: () => clearInterval(timer),
  }
}
