import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";

declare const __VERSION__: string;

@Component({
  selector: "app-root",
  template:
    "<main><h1>App {{ version }}</h1><button (click)='count.set(count() + 1)'>{{ count() }}</button><p id='lazy'>{{ lazy() }}</p></main>",
})
class App {
  version = __VERSION__;
  count = signal(0);
  lazy = signal("");
  constructor() {
    import("./lazy").then((it) => this.lazy.set(it.default));
  }
}
bootstrapApplication(App);
