using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Influx;

namespace Migration;

/// <summary>
/// HTML in the making. The literal parts of an interpolated string are markup, its holes are data: every hole is escaped, so
/// that no measurement's name can become markup.
/// </summary>
internal sealed class HtmlWriter
{
    private readonly StringBuilder text = new();

    /// <summary>Adds markup with data in its holes.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "The markup's constructor is given the writer and fills it.")]
    public void Write([InterpolatedStringHandlerArgument("")] ref Markup markup) => _ = markup;

    /// <summary>Adds a constant of this project's that holds braces or quotes, such as the style sheet.</summary>
    public void WriteConstant(string markup) => text.Append(markup);

    /// <summary>Adds text of several lines.</summary>
    public void WriteLines(string lines)
    {
        var first = true;
        foreach (var line in lines.Split('\n'))
        {
            if (!first)
                text.Append("<br>");
            first = false;
            Escape(line);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    private void Escape(string data)
    {
        foreach (var character in data)
        {
            switch (character)
            {
                case '&': text.Append("&amp;"); break;
                case '<': text.Append("&lt;"); break;
                case '>': text.Append("&gt;"); break;
                case '"': text.Append("&quot;"); break;
                case '\'': text.Append("&#39;"); break;
                // A newline within a name must be seen, and HTML has no NUL: the control pictures stand for both.
                case < ' ': text.Append((char)('\u2400' + character)); break;
                case '\u007f': text.Append('\u2421'); break;
                // Marks that turn the direction of the text after them could make a name read as another.
                case var hidden when ShownText.IsHidden(hidden):
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default: text.Append(character); break;
            }
        }
    }

    /// <summary>What the compiler makes of an interpolated string that is given to <see cref="Write"/>.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Markup
    {
        private readonly HtmlWriter writer;

        public Markup(int literalLength, int formattedCount, HtmlWriter writer)
        {
            writer.text.EnsureCapacity(writer.text.Length + literalLength + (formattedCount * 8));
            this.writer = writer;
        }

        public void AppendLiteral(string literal) => writer.text.Append(literal);

        public void AppendFormatted(string? data) => writer.Escape(data ?? "");

        /// <summary>A count, with thousands separators.</summary>
        public void AppendFormatted(long count) => AppendFormatted((Int128)count);

        /// <summary>A sum of counts.</summary>
        public void AppendFormatted(Int128 count) => writer.text.Append(count.ToString("N0", CultureInfo.InvariantCulture));

        /// <summary>A coordinate or a percentage of the drawing.</summary>
        public void AppendFormatted(double coordinate) => writer.text.Append(coordinate.ToString("0.##", CultureInfo.InvariantCulture));
    }
}
