export default `lazy ${process.env.VERSION}`;
