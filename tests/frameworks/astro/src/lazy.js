export default `lazy ${__VERSION__}`;
