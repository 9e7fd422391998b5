/** Shared by what loads at once and what loads later. */
export function show(id, text) {
  const node = document.createElement("p");
  node.id = id;
  node.textContent = String(text);
  document.querySelector("main").append(node);
}
