namespace Migration;

/// <summary>
/// The form <c>key=value</c> of an option. A <c>=</c> of the key is written <c>\=</c>, and backslashes right before a <c>=</c> are
/// written twice; anywhere else they stand for themselves.
/// </summary>
public static class PairText
{
    /// <summary>A key as it stands before the <c>=</c>.</summary>
    public static string Key(string key)
    {
        var written = new System.Text.StringBuilder();
        var backslashes = 0;
        foreach (var character in key + '=')
        {
            if (character == '=')
                written.Append('\\', backslashes).Append('\\');
            written.Append(character);
            backslashes = character == '\\' ? backslashes + 1 : 0;
        }
        // The last one separates, and is not escaped.
        return written.ToString(0, written.Length - 2);
    }

    /// <summary>Takes a pair apart.</summary>
    /// <returns>False where there is no <c>=</c> that separates, or nothing on one side of it.</returns>
    public static bool TryRead(string text, out string key, out string value)
    {
        var read = new System.Text.StringBuilder();
        var backslashes = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '=')
            {
                read.Length -= (backslashes + 1) / 2;
                if (backslashes % 2 == 0)
                {
                    (key, value) = (read.ToString(), text[(i + 1)..]);
                    return key.Length > 0 && value.Length > 0;
                }
            }
            read.Append(text[i]);
            backslashes = text[i] == '\\' ? backslashes + 1 : 0;
        }
        (key, value) = ("", "");
        return false;
    }
}
