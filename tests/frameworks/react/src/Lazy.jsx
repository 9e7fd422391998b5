export default () => <p id="lazy">lazy {__VERSION__}</p>;
