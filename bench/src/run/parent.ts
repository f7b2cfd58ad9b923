/**
 * Ends this process when its parent is gone, so that an interrupted run leaves nobody working.
 * @returns ends the connection in order, as there is nothing more to tell
 */
export function endWithParent(): () => void {
  const onGone = (): never => process.exit(1)
  process.once('disconnect', onGone)
  return () => {
    process.off('disconnect', onGone)
    process.disconnect?.()
  }
}
