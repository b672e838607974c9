/** What a part of a bar stands for; its pattern and colour follow. */
export type ShareKind = "fresh" | "shared" | "used" | "reserved" | "stored";

/** A bar of parts of a whole, as a chart; without `whole`, they are all of it. `label` says the same in words. */
export function Shares(props: {
  parts: { kind: ShareKind; value: number }[];
  whole?: number;
  label: string;
}) {
  const { parts, label } = props;
  const whole = Math.max(props.whole ?? parts.reduce((sum, { value }) => sum + value, 0), 1);
  let x = 0;
  return (
    <svg class="shares" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="whole" width="100" height="4" />
      {parts.map(({ kind, value }) => {
        // What there is of it can be seen, however little.
        const width = value === 0 ? 0 : Math.max(0.6, (Math.min(value, whole) / whole) * 100);
        const from = x;
        x += width;
        return <rect key={kind} class={kind} x={from} width={width} height="4" />;
      })}
    </svg>
  );
}
