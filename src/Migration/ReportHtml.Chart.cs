using System.Globalization;
using System.Text;
using Influx;

namespace Migration;

/// <summary>The drawing of one measurement.</summary>
public static partial class ReportHtml
{
    /// <summary>
    /// Source upwards and destination downwards on one scale, so that equal ends mirror each other. Between them runs a lane
    /// in which every slice that differs has a block, since one field value of a million is no visible length of a bar.
    /// The text stands outside: the drawing is stretched to the screen's width, and letters would be with it.
    /// </summary>
    private sealed class MeasurementChart
    {
        private const double Width = 1000;
        private const double Height = 200;
        private const double Bar = 92;
        private const double Least = 1.5;
        private readonly long most;

        public MeasurementChart(MeasurementReport measurement, IReadOnlyList<WindowDifference> windows, int number)
        {
            Measurement = measurement;
            Windows = windows;
            Anchor = Invariant($"chart-{number}");
            Slices = Math.Max(measurement.SourceSlices.Count, measurement.DestinationSlices.Count);
            most = Math.Max(1, measurement.SourceSlices.Concat(measurement.DestinationSlices).DefaultIfEmpty().Max());
            if (HasDestination)
                Differing = [.. Enumerable.Range(0, Slices).Where(slice => Slice(slice) is var (source, destination) && source != destination)];
        }

        public MeasurementReport Measurement { get; }

        public IReadOnlyList<WindowDifference> Windows { get; }

        public int Slices { get; }

        public IReadOnlyList<int> Differing { get; } = [];

        public bool HasDestination => Measurement.DestinationSlices.Count > 0;

        public double SliceSeconds => (double)Length / 1e9 / Math.Max(1, Slices);

        private string Anchor { get; }

        private Int128 Length => Int128.Max(0, (Int128)Measurement.Stop - Measurement.Start);

        public (long Source, long Destination) Slice(int index) =>
            (Measurement.SourceSlices.ElementAtOrDefault(index), Measurement.DestinationSlices.ElementAtOrDefault(index));

        public long SliceStart(int slice) => At(slice, Math.Max(1, Slices));

        public string FewerAndMore()
        {
            Int128 fewer = 0;
            Int128 more = 0;
            foreach (var (source, destination) in Differing.Select(Slice))
            {
                if (source > destination)
                    fewer += (Int128)source - destination;
                else
                    more += (Int128)destination - source;
            }
            if (more == 0)
                return $"{Number(fewer)} fewer at the destination";
            return (fewer == 0 ? "" : $"{Number(fewer)} fewer and ") + $"{Number(more)} more at the destination";
        }

        /// <summary>Five times at equal distances, as exact as the distance asks for.</summary>
        public IEnumerable<string> Ticks()
        {
            var step = Length / 4;
            for (var i = 0; i <= 4; i++)
            {
                var text = Timestamp.Format(At(i, 4));
                var whole = text.Contains('.', StringComparison.Ordinal) ? text : text.Replace("Z", ".000000000Z", StringComparison.Ordinal);
                yield return (double)step switch
                {
                    >= 86_400e9 => whole[..10],
                    >= 3_600e9 => whole[5..16].Replace('T', ' '),
                    >= 10e9 => whole[11..19],
                    >= 10e6 => whole[11..23],
                    _ => whole[19..29],
                };
            }
        }

        public void WriteSvg(HtmlWriter html, string title, string description)
        {
            html.Write($"<svg class=\"plot{(HasDestination ? "" : " single")}\" role=\"img\" aria-labelledby=\"{Anchor}-t {Anchor}-d\" viewBox=\"0 0 {Width} {(HasDestination ? Height : 100.0)}\" preserveAspectRatio=\"none\">");
            html.Write($"<title id=\"{Anchor}-t\">{title}</title><desc id=\"{Anchor}-d\">{description}</desc>");
            foreach (var window in Windows.Take(MostEntries))
            {
                var left = X(window.Start);
                html.Write($"<rect class=\"window\" x=\"{left}\" y=\"0\" width=\"{Math.Max(4, X(window.Stop) - left)}\" height=\"{Height}\"/>");
            }
            html.Write($"<path class=\"grid\" d=\"M0 4H1000M0 50H1000M250 0V200M500 0V200M750 0V200{(HasDestination ? "M0 150H1000M0 196H1000" : "")}\"/>");
            html.Write($"<path class=\"source\" d=\"{Path(slice => Bars(slice, up: true))}\"/>");
            if (HasDestination)
            {
                html.Write($"<path class=\"destination\" d=\"{Path(slice => Bars(slice, up: false))}\"/>");
                if (Differing.Count > 0)
                    html.Write($"<path class=\"diff\" d=\"{Path(Gap)}\"/><path class=\"diff\" d=\"{Path(Block)}\"/>");
                html.Write($"<path class=\"base\" d=\"M0 96H1000M0 104H1000\"/>");
            }
            else
            {
                html.Write($"<path class=\"base\" d=\"M0 96H1000\"/>");
            }
            html.Write($"</svg>");
        }

        private (double Y, double Height) Bars(int slice, bool up)
        {
            var (source, destination) = Slice(slice);
            var length = Scale(up ? source : destination);
            return up ? (96 - length, length) : (104, length);
        }

        /// <summary>What only one end has, at the tip of that end's bar.</summary>
        private (double Y, double Height) Gap(int slice)
        {
            var (source, destination) = Slice(slice);
            var (shorter, longer) = (Scale(Math.Min(source, destination)), Scale(Math.Max(source, destination)));
            return source > destination ? (96 - longer, longer - shorter) : (104 + shorter, longer - shorter);
        }

        private (double Y, double Height) Block(int slice) => Slice(slice) is var (source, destination) && source != destination ? (96, 8) : (0, 0);

        // A single value in a slice must be seen next to millions in another.
        private double Scale(long count) => count <= 0 ? 0 : Math.Max(Least, (double)count / most * Bar);

        private string Path(Func<int, (double Y, double Height)> bar)
        {
            var slot = Width / Slices;
            // Few bars would be slabs, and a gap between 200 is less than a pixel of a phone.
            var width = Math.Min(Slices > 60 ? slot : slot * 0.8, 80);
            var path = new StringBuilder();
            for (var slice = 0; slice < Slices; slice++)
            {
                var (y, height) = bar(slice);
                if (height > 0)
                    path.Append(CultureInfo.InvariantCulture, $"M{(slice * slot) + ((slot - width) / 2):0.##} {y:0.##}h{width:0.##}v{height:0.##}h-{width:0.##}z");
            }
            return path.ToString();
        }

        private double X(long time) =>
            Length == 0 ? 0 : Math.Clamp((double)((Int128)time - Measurement.Start) / (double)Length, 0, 1) * Width;

        private long At(int part, int parts) => (long)(Measurement.Start + (Length * part / parts));
    }
}
