// Style sheets are imported as their text, made small by the build.

declare module "*.css" {
  const text: string;
  export default text;
}
