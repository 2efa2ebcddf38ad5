#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QtTest>
#include <csignal>

#include "core/base/atomic_file.h"
#include "core/base/mapped_file.h"
#include "tests/support/safetensors_text.h"

using namespace attnviz;
using test::writeText;
namespace fs = std::filesystem;

namespace {

std::string contentOf(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t filesIn(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

QString sentenceOf(const Error& error) {
    return QString::fromStdString(error.sentence());
}

// Runs `function` in a process of its own; its exit status, or minus the signal that ended it.
int inChild(const std::function<int()>& function) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(function());
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

class FilesTest : public QObject {
    Q_OBJECT
    QTemporaryDir m_temporary;
    fs::path m_root;
    int m_next = 0;

    fs::path newFolder() {
        auto folder = m_root / std::to_string(m_next++);
        fs::create_directory(folder);
        return folder;
    }

 private slots:
    void initTestCase() { m_root = m_temporary.path().toStdString(); }

    void aFileAppearsWholeOrNotAtAll() {
        const auto folder = newFolder();
        const auto path = folder / "a.json";
        writeText(path, "old");
        {
            auto file = AtomicFile::create(path);
            QVERIFY(file.ok());
            QVERIFY((*file)->write(std::string(3000000, 'x')).ok());
            QCOMPARE(contentOf(path), std::string("old"));
        }
        QCOMPARE(contentOf(path), std::string("old"));
        QCOMPARE(filesIn(folder), std::size_t{1});
        {
            auto file = AtomicFile::create(path);
            QVERIFY((*file)->write("ne").ok());
            QVERIFY((*file)->write("w").ok());
            QVERIFY((*file)->commit().ok());
        }
        QCOMPARE(contentOf(path), std::string("new"));
        QCOMPARE(filesIn(folder), std::size_t{1});
        QVERIFY(writeFile(folder / "empty", "").ok());
        QCOMPARE(fs::file_size(folder / "empty"), std::uintmax_t{0});
    }

    void permissionsStayAndNewOnesFollowTheMask() {
        const auto folder = newFolder();
        writeText(folder / "a", "old");
        ::chmod((folder / "a").c_str(), 0640);
        QVERIFY(writeFile(folder / "a", "new").ok());
        QCOMPARE(static_cast<int>(fs::status(folder / "a").permissions()), 0640);
        const auto before = ::umask(027);
        const auto written = writeFile(folder / "b", "x");
        ::umask(before);
        QVERIFY(written.ok());
        QCOMPARE(static_cast<int>(fs::status(folder / "b").permissions()), 0640);
    }

    void whatALinkPointsToIsReplaced() {
        const auto folder = newFolder();
        fs::create_directory(folder / "sub");
        writeText(folder / "sub/real", "old");
        fs::create_symlink("sub/real", folder / "one");
        fs::create_symlink("one", folder / "two");
        QVERIFY(writeFile(folder / "two", "new").ok());
        QVERIFY(fs::is_symlink(folder / "two") && fs::is_symlink(folder / "one"));
        QCOMPARE(contentOf(folder / "sub/real"), std::string("new"));
        fs::create_symlink("sub/made", folder / "dangling");
        QVERIFY(writeFile(folder / "dangling", "made").ok());
        QCOMPARE(contentOf(folder / "sub/made"), std::string("made"));
        fs::create_symlink("y", folder / "x");
        fs::create_symlink("x", folder / "y");
        QVERIFY(sentenceOf(writeFile(folder / "x", "").error()).contains("circle"));
    }

    void whereNothingCanBeWrittenIsSaid() {
        const auto folder = newFolder();
        QVERIFY(sentenceOf(writeFile(folder / "none/a", "x").error()).contains("does not exist"));
        QVERIFY(sentenceOf(writeFile(folder, "x").error()).contains("this is a folder"));
        writeText(folder / "file", "x");
        QVERIFY(!writeFile(folder / "file/a", "x").ok());
        QVERIFY(!writeFile("", "x").ok());
        QVERIFY(!writeFile(folder / "..", "x").ok());
        QCOMPARE(writeFile(folder / "none/a", "x").error().kind, ErrorKind::io);
    }

    void aFolderThatIsNotWritableIsSaid() {
        const auto folder = newFolder();
        fs::create_directory(folder / "locked");
        writeText(folder / "kept", "old");
        ::chmod((folder / "locked").c_str(), 0555);
        ::chmod((folder / "kept").c_str(), 0444);
        ::chmod(m_root.c_str(), 0755);
        ::chmod(folder.c_str(), 0777);
        // Root may write anywhere, so the attempt is made as nobody.
        const int status = inChild([&] {
            if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 10;
            const auto locked = writeFile(folder / "locked/a", "x");
            if (locked || !sentenceOf(locked.error()).contains("is not writable")) return 11;
            const auto kept = writeFile(folder / "kept", "new");
            return kept || !sentenceOf(kept.error()).contains("read-only") ? 12 : 0;
        });
        ::chmod((folder / "locked").c_str(), 0755);
        QCOMPARE(status, 0);
        QCOMPARE(contentOf(folder / "kept"), std::string("old"));
    }

    void aFullDiskIsSaid() {
        if (!fs::exists("/dev/full")) QSKIP("/dev/full is absent");
        const auto written = writeFile("/dev/full", "x");
        QVERIFY(!written.ok());
        QVERIFY2(sentenceOf(written.error()).contains("Free some space"),
                 qPrintable(sentenceOf(written.error())));
        QVERIFY(writeFile("/dev/null", "x").ok());
    }

    void aFileSizeLimitIsAnErrorAndLeavesTheOldFile() {
        const auto folder = newFolder();
        writeText(folder / "a", "old");
        const int status = inChild([&] {
            const rlimit limit{1000000, 1000000};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            const auto written = writeFile(folder / "a", std::string(3000000, 'x'));
            if (written) return 1;
            return sentenceOf(written.error()).contains("Free some space") ? 0 : 2;
        });
        QCOMPARE(status, 0);
        QCOMPARE(contentOf(folder / "a"), std::string("old"));
        QCOMPARE(filesIn(folder), std::size_t{1});
    }

    void aKilledWriterLeavesTheOldFile() {
        const auto folder = newFolder();
        writeText(folder / "a", "old");
        const int status = inChild([&] {
            auto file = AtomicFile::create(folder / "a");
            (void)(*file)->write(std::string(3000000, 'x'));
            ::raise(SIGKILL);
            return 0;
        });
        QCOMPARE(status, -SIGKILL);
        QCOMPARE(contentOf(folder / "a"), std::string("old"));
    }

    void standardOutputMayBeAPipe() {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        const int status = inChild([&] {
            ::dup2(ends[1], STDOUT_FILENO);
            return writeFile("/dev/stdout", "through a pipe").ok() ? 0 : 1;
        });
        ::close(ends[1]);
        char text[64];
        const auto got = ::read(ends[0], text, sizeof text);
        ::close(ends[0]);
        QCOMPARE(status, 0);
        QCOMPARE(std::string(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
                 std::string("through a pipe"));
    }

    void standardOutputMayBeAFileThatIsAppendedTo() {
        const auto folder = newFolder();
        writeText(folder / "log", "before ");
        const int status = inChild([&] {
            const int descriptor = ::open((folder / "log").c_str(), O_WRONLY | O_APPEND);
            ::dup2(descriptor, STDOUT_FILENO);
            return writeFile("/dev/stdout", "after").ok() ? 0 : 1;
        });
        QCOMPARE(status, 0);
        QCOMPARE(contentOf(folder / "log"), std::string("before after"));
    }

    void aMappedFileStaysWhateverHappensToItsName() {
        const auto folder = newFolder();
        writeText(folder / "a", "content");
        const auto file = MappedFile::open(folder / "a");
        QVERIFY(file.ok());
        QVERIFY(writeFile(folder / "a", "other, and longer").ok());
        fs::remove(folder / "a");
        const auto bytes = (*file)->bytes();
        QCOMPARE(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                 std::string("content"));
        QVERIFY((*file)->checkWhole().ok());
        std::string part(3, ' ');
        QVERIFY((*file)->read(4, std::as_writable_bytes(std::span(part))).ok());
        QCOMPARE(part, std::string("ent"));
    }

    void readingBeyondTheEndIsAnError() {
        const auto folder = newFolder();
        writeText(folder / "a", "12345");
        const auto file = MappedFile::open(folder / "a");
        std::string part(3, ' ');
        QVERIFY(!(*file)->read(3, std::as_writable_bytes(std::span(part))).ok());
        QVERIFY(!(*file)->read(6, {}).ok());
        QVERIFY(
            !(*file)
                 ->read(std::numeric_limits<std::uint64_t>::max(), std::as_writable_bytes(std::span(part)))
                 .ok());
        QVERIFY((*file)->read(5, {}).ok());
        fs::resize_file(folder / "a", 2);
        QVERIFY(sentenceOf((*file)->checkWhole().error()).contains("became shorter"));
        QVERIFY(sentenceOf((*file)->read(0, std::as_writable_bytes(std::span(part))).error())
                    .contains("became shorter"));
    }

    void whatIsNoFileIsRefused() {
        const auto folder = newFolder();
        QCOMPARE(MappedFile::open(folder / "none").error().kind, ErrorKind::notFound);
        QVERIFY(sentenceOf(MappedFile::open(folder).error()).contains("this is a folder"));
        QVERIFY(sentenceOf(MappedFile::open("/dev/zero").error()).contains("no regular file"));
        QCOMPARE(::mkfifo((folder / "pipe").c_str(), 0600), 0);
        QVERIFY(sentenceOf(MappedFile::open(folder / "pipe").error()).contains("no regular file"));
        writeText(folder / "empty", "");
        QVERIFY((*MappedFile::open(folder / "empty"))->bytes().empty());
    }
};

QTEST_GUILESS_MAIN(FilesTest)
#include "files_test.moc"
