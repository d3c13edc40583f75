// What all formats have in common: an image is blocks, one after the other.

/**
 * Blocks that an image may have. Encoders make some thousands (a PNG of 20 MB in pieces of 8 KiB: 2,500); millions of empty
 * ones would only keep this process busy.
 */
export const mostBlocks = 100_000
