using System.Globalization;
using System.Text;

namespace Influx;

/// <summary>
/// Texts that others wrote (a server's words, names, paths) as a terminal, a log or a page may get them: what would move the cursor,
/// retitle the window or turn the reading direction is written out instead.
/// </summary>
public static class ShownText
{
    /// <summary>Whether a character does something instead of being seen: C0, DEL, C1, separators of lines and paragraphs, marks of direction.</summary>
    public static bool IsHidden(char character) => character is
        < ' ' or (>= '\u007f' and < '\u00a0') or '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\ufeff';

    /// <summary>A text of several lines; their ends stay.</summary>
    public static string Lines(string text) => Escape(text, keepsNewlines: true);

    /// <summary>A name or a server's words as a part of one line.</summary>
    public static string Line(string text) => Escape(text, keepsNewlines: false);

    /// <summary>How a hidden character is written out.</summary>
    internal static string Written(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        <= '\u00ff' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
    };

    private static string Escape(string text, bool keepsNewlines)
    {
        StringBuilder? shown = null;
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (!IsHidden(character) || (keepsNewlines && character == '\n'))
            {
                shown?.Append(character);
                continue;
            }
            shown ??= new StringBuilder(text, 0, i, text.Length + 16);
            shown.Append(Written(character));
        }
        return shown?.ToString() ?? text;
    }
}
