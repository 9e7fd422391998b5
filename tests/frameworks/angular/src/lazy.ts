declare const __VERSION__: string;

export default `lazy ${__VERSION__}`;
