/** Types of the developers' panel. */

interface PanelPart {
  node: HTMLElement;
  show(state: { config: Required<ConfigSummary>; visitorState: any; nextVariant: Arm | undefined }): void;
}

interface PanelRow {
  node: HTMLElement;
  show(): void;
}
