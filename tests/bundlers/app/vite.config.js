export default { define: { "process.env.VERSION": JSON.stringify(process.env.VERSION) } };
