/** Whether a reader sees nothing there: no text, no picture, no form control, and nothing that draws for itself. */
export function isBlank(root) {
  const content = "img,svg,canvas,video,iframe,input,button,select,textarea";
  // A name with a hyphen alone is an element that draws nothing, such as the root of an app.
  const isCustom = (node) => node.localName.includes("-") && node.matches(":defined");
  const draws = (node) => (node.matches(content) || isCustom(node)) && node.getClientRects().length;
  return !root.innerText.trim() && ![...root.querySelectorAll("*")].some(draws);
}
