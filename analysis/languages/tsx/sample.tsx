// Components.
export const Title = ({ text }: { text: string }) => <h1 className="big">{text}</h1>;
export function App(): JSX.Element {
  const onClick = () => <b>never</b>;
  return <Title text="hello" />;
}
interface Props { name: string }
export class View extends Component<Props> {
  render() { return <App />; }
}
module.exports = class Plugin {
  apply() {}
};
// expect: function Title 2-2
// expect: function App 3-6
// expect: function App.onClick 4-4
// expect: interface Props 7-7
// expect: class View 8-10
// expect: method View.render 9-9
// expect: class Plugin 11-13
// expect: method Plugin.apply 12-12
