using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Influx;

/// <summary>
/// Quoting of everything that is shown to be pasted: names come from servers, and one that ends a quotation would be a command
/// of its own in whoever's shell it is pasted into.
/// </summary>
public static class ShellWords
{
    /// <summary>A command of words, each quoted where a shell would change it.</summary>
    public static string Join(params IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    /// <summary>One word. What can't be seen on a terminal is written in bash's <c>$'…'</c>, everything else in any POSIX shell's quotes.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word[0] != '=' && word.All(IsPlain))
            return word;
        return word.Any(ShownText.IsHidden) ? Written(word) : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    /// <summary>An option with its value, as words; a value that begins with a dash would be another option by itself.</summary>
    public static string[] Option(string name, string value) => value.StartsWith('-') ? [$"{name}={value}"] : [name, value];

    /// <summary>A text as a JSON string, which stays one also between a shell's single quotes.</summary>
    public static string Json(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static bool IsPlain(char character) => char.IsAsciiLetterOrDigit(character) || "-_./:=,@%+".Contains(character, StringComparison.Ordinal);

    // By bytes, which are the same in every locale.
    private static string Written(string word)
    {
        var written = new StringBuilder("$'");
        foreach (var octet in Encoding.UTF8.GetBytes(word))
        {
            if (octet == ' ' || IsPlain((char)octet))
                written.Append((char)octet);
            else
                written.Append(CultureInfo.InvariantCulture, $"\\x{octet:x2}");
        }
        return written.Append('\'').ToString();
    }
}
