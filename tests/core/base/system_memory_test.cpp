#include "core/base/system_memory.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtTest>
#include <cstdlib>

using namespace attnviz;

class SystemMemoryTest : public QObject {
    Q_OBJECT
 private slots:
    void memoryIsWhatIsLeft() {
        ::unsetenv("ATTNVIZ_AVAILABLE_MEMORY");
        const auto machine = availableMemoryBytes();
        QVERIFY(machine > 1 << 20);
        QVERIFY(machine < std::int64_t{1} << 50);
        ::setenv("ATTNVIZ_AVAILABLE_MEMORY", "123456", 1);
        QCOMPARE(availableMemoryBytes(), std::int64_t{123456});
        for (const char* bad : {"", "x", "12x", "-5", "0", "99999999999999999999"}) {
            ::setenv("ATTNVIZ_AVAILABLE_MEMORY", bad, 1);
            QVERIFY2(availableMemoryBytes() > 1 << 20, bad);
        }
        ::unsetenv("ATTNVIZ_AVAILABLE_MEMORY");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        // A limit of the process counts; tried in a child, because it cannot be raised again.
        const pid_t child = ::fork();
        if (child == 0) {
            const rlimit limit{rlim_t{4} << 30, rlim_t{4} << 30};
            ::setrlimit(RLIMIT_AS, &limit);
            const auto left = availableMemoryBytes();
            ::_exit(left > 0 && left < std::int64_t{4} << 30 ? 0 : 1);
        }
        int status = 0;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(WEXITSTATUS(status), 0);
#endif
    }
};

QTEST_GUILESS_MAIN(SystemMemoryTest)
#include "system_memory_test.moc"
