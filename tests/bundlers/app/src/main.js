import "./main.css";

const app = document.getElementById("app");
app.innerHTML = `<main><h1>App ${process.env.VERSION}</h1><button>0</button><p id="lazy"></p></main>`;
const button = app.querySelector("button");
button.addEventListener("click", () => {
  button.textContent = String(Number(button.textContent) + 1);
});
import("./lazy.js").then((lazy) => {
  document.getElementById("lazy").textContent = lazy.default;
});
