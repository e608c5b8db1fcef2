using System.Text;
using Influx;
using Spectre.Console;

namespace Cli;

/// <summary>The border to the terminal: whatever the command writes passes here, and nothing that others wrote gets through as a control character.</summary>
internal static class Terminal
{
    /// <summary>Sets it up; before anything is written.</summary>
    public static void Guard()
    {
        // The progress bars move the cursor themselves, and get what they show escaped (Shown).
        AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new StandardOutput(Console.Out) });
        Console.SetOut(new Writer(Console.Out));
        Console.SetError(new Writer(Console.Error));
    }

    /// <summary>A text of others' as Spectre's markup.</summary>
    public static string Shown(string text) => Markup.Escape(ShownText.Line(text));

    private sealed class Writer : TextWriter
    {
        private readonly TextWriter inner;

        public Writer(TextWriter inner)
        {
            this.inner = inner;
            NewLine = "\n";
        }

        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(ShownText.Lines(value.ToString()));

        public override void Write(string? value) => inner.Write(ShownText.Lines(value ?? ""));

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

        public override void Flush() => inner.Flush();
    }

    // Spectre's own knows only the console's present writer as the standard output.
    private sealed class StandardOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput known = new(writer);

        public TextWriter Writer => writer;

        public bool IsTerminal => !Console.IsOutputRedirected;

        public int Width => known.Width;

        public int Height => known.Height;

        public void SetEncoding(Encoding encoding) => known.SetEncoding(encoding);
    }
}
