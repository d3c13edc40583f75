// What is said: a hundred characters that somebody might have typed on a telephone.

export const TEXT =
  'Hello there, has anybody seen the minutes of the last meeting? I thought they were in the usual place, but…'.slice(
    0,
    100,
  )
