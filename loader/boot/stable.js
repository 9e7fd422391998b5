/** The last resort, where nothing is on the screen: a plain page that says so, and a way to try again. */
export function apologise() {
  const button = document.createElement("button");
  button.textContent = "Try again";
  button.onclick = () => location.reload();
  document.body.append("This page could not be loaded. ", button);
}
