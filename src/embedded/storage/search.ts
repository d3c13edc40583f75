// Binary search over what is in order.

/** The first index for which this holds, where it holds for all that follow; `length` where it holds for none. */
export const firstIndex = (length: number, reached: (i: number) => boolean): number => {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (reached(middle)) high = middle
    else low = middle + 1
  }
  return low
}
