using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Influx;

/// <summary>A token or a password. Its text never shows in a log, a debugger or a record's ToString.</summary>
/// <param name="text">The secret's text.</param>
[DebuggerDisplay(Shown)]
public sealed class Secret(string text)
{
    /// <summary>What stands in the place of a secret's text.</summary>
    internal const string Shown = "***";

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    private readonly string text = text;

    /// <summary>The text itself, for the header that carries it and for nothing else.</summary>
    public string Reveal() => text;

    /// <summary>Takes a secret out of a text that someone else wrote, in whatever form it stands there.</summary>
    /// <param name="text">The text.</param>
    /// <param name="secret">The secret; an empty one is in no text.</param>
    internal static string TakeOut(string text, string secret)
    {
        if (secret.Length == 0)
            return text;
        string[] forms =
        [
            secret, Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
            Uri.EscapeDataString(secret), WebUtility.UrlEncode(secret), WebUtility.HtmlEncode(secret), JsonEncodedText.Encode(secret).ToString(),
        ];
        // The longest first: what is left of one that another form is a part of would be a part of the secret.
        return forms.OrderByDescending(form => form.Length).Aggregate(text, (clean, form) => clean.Replace(form, Shown, StringComparison.OrdinalIgnoreCase));
    }

    /// <inheritdoc/>
    public override string ToString() => Shown;
}
