// What is due when it is due, whoever is how far: an open loop. Each is called with the moment that it was due, and what is late
// because this process or the server was slow counts from then, not from when it was begun at last. Otherwise a stall of a
// second would be one slow message, and not as many as a second has (coordinated omission).

/** `dueOf(0)`, `dueOf(1)` … in ms from now, rising; undefined ends it, and so does `going`. */
export const onTime = (
  dueOf: (number: number) => number | undefined,
  going: () => boolean,
  call: (number: number, due: number) => void,
): Promise<void> =>
  new Promise(resolve => {
    const began = performance.now()
    let number = 0
    const tick = setInterval(() => {
      let due: number | undefined
      while (going() && (due = dueOf(number)) !== undefined) {
        if (began + due > performance.now()) return
        call(number++, began + due)
      }
      clearInterval(tick)
      resolve()
    }, 1)
  })
