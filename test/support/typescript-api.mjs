import { register } from 'node:module';

// openapi-typescript needs the compiler API, which TypeScript 7 does not have. @ts-morph/common contains TypeScript 5.
// Usage: node --import ./test/support/typescript-api.mjs …

const api = `import { ts } from '${import.meta.resolve('@ts-morph/common')}'; export default ts;`;
const hooks = `
  export const resolve = (name, context, next) =>
    next(name === 'typescript' ? ${JSON.stringify(dataUrl(api))} : name, context);`;
register(dataUrl(hooks));

function dataUrl(source) {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
