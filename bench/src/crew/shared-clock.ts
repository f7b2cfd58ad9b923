/** The time on the monotonic clock that all processes of the machine share, in milliseconds. */
export const sharedMs = (): number => Number(process.hrtime.bigint()) / 1e6
