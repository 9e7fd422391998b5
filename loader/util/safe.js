/** The answer, or null where the action throws: storage does where it is blocked, its getter included. */
export function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
