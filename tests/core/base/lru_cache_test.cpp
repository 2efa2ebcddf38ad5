#include "core/base/lru_cache.h"

#include <QtTest>
#include <memory>
#include <string>

using namespace attnviz;

class LruCacheTest : public QObject {
    Q_OBJECT
 private slots:
    void theCacheKeepsWhatWasUsedLast() {
        LruCache<std::string, int> cache(10);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        QCOMPARE(cache.find("a").value_or(0), 1);
        cache.insert("c", 3, 4);
        QVERIFY(!cache.find("b"));
        QCOMPARE(cache.find("a").value_or(0), 1);
        QCOMPARE(cache.usedBytes(), std::size_t{8});
        cache.insert("a", 5, 6);  // replaced, and its size with it
        QCOMPARE(cache.find("a").value_or(0), 5);
        QCOMPARE(cache.usedBytes(), std::size_t{10});
        cache.insert("whole", 6, 10);
        QCOMPARE(cache.size(), std::size_t{1});
        cache.insert("too large", 7, 11);
        QVERIFY(!cache.find("too large"));
        QCOMPARE(cache.find("whole").value_or(0), 6);
        cache.insert("whole", 8, 11);  // what no longer fits leaves nothing stale behind
        QVERIFY(!cache.find("whole"));
        cache.erase("nobody");
        cache.insert("z", 1, 0);
        cache.insert("y", 2, 4);
        cache.insert("x", 3, 4);
        cache.setBudget(4);  // a smaller budget drops what was used longest ago
        QVERIFY(!cache.find("y"));
        QCOMPARE(cache.find("x").value_or(0), 3);
        cache.clear();
        QCOMPARE(cache.usedBytes(), std::size_t{0});
        QCOMPARE(cache.size(), std::size_t{0});
    }

    void whatTheCacheDropsIsFreed() {
        LruCache<int, std::shared_ptr<int>> cache(2);
        const auto value = std::make_shared<int>(1);
        cache.insert(1, value, 1);
        cache.insert(2, value, 1);
        QCOMPARE(value.use_count(), 3L);
        cache.insert(3, value, 2);
        QCOMPARE(value.use_count(), 2L);
    }
};

QTEST_GUILESS_MAIN(LruCacheTest)
#include "lru_cache_test.moc"
