/** The part of plotly.js 4 that we use; the bundle sets window.Plotly. */
interface PlotlyElement extends HTMLElement {
  on(event: string, handler: (data: any) => void): void;
}
interface PlotlyStatic {
  react(element: HTMLElement, data: object[], layout: object, config?: object): Promise<PlotlyElement>;
  relayout(element: HTMLElement, update: object): Promise<PlotlyElement>;
  restyle(element: HTMLElement, update: object, traces?: number[]): Promise<PlotlyElement>;
  purge(element: HTMLElement): void;
  toImage(
    figure: object,
    options: { format: "png" | "svg"; width: number; height: number; scale?: number },
  ): Promise<string>;
  Plots: { resize(element: HTMLElement): Promise<void> };
}
declare const Plotly: PlotlyStatic;
interface Window {
  Plotly?: PlotlyStatic;
}
