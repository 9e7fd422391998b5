/** Whether a reader sees nothing there: no text, no picture, no form control, and nothing that draws for itself. */
export function isBlank(root) {
  const content = "img,svg,canvas,video,iframe,input,button,select,textarea";
  const draws = (node) => (node.matches(content) || node.localName.includes("-")) && node.getClientRects().length;
  return !root.innerText.trim() && ![...root.querySelectorAll("*")].some(draws);
}
