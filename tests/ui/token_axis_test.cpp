// Labels never collide: by the forms of the axis, on plain lengths (every character is 7 wide).
#include "ui/widgets/token_axis.h"

#include <QtTest>

using namespace attnviz::ui;

namespace {

double sevenEach(const QString& text) {
    return 7.0 * static_cast<double>(text.size());
}

TokenAxisRequest across(const QStringList& labels, double length) {
    return {&labels, true, 0, static_cast<double>(labels.size()), length, 110, 15, sevenEach, false};
}
TokenAxisRequest down(const QStringList& labels, double length) {
    return {&labels, false, 0, static_cast<double>(labels.size()), length, 130, 15, sevenEach, true};
}

QStringList words(int count, int length) {
    QStringList out;
    for (int i = 0; i < count; ++i) out.append(QString(length, QChar('a' + i % 26)));
    return out;
}

}  // namespace

class TokenAxisTest : public QObject {
    Q_OBJECT

 private slots:
    void labelsStandHorizontallyWhileTheyFit() {
        const auto labels = words(9, 6);
        const auto layout = layoutTokenAxis(across(labels, 9 * 54));
        QCOMPARE(layout.form, TokenAxisForm::horizontal);
        QCOMPARE(layout.labels.size(), std::size_t(9));
        QCOMPARE(layout.labels[0].at, 27.0);
    }

    void thenTheyTurnBy60ThenBy90ThenAreThinnedThenTicks() {
        const auto labels = words(40, 8);
        QCOMPARE(layoutTokenAxis(across(labels, 40 * 40)).form, TokenAxisForm::turned60);
        QCOMPARE(layoutTokenAxis(across(labels, 40 * 11)).form, TokenAxisForm::turned90);
        QCOMPARE(layoutTokenAxis(across(labels, 40 * 11)).labels.size(), std::size_t(40));
        QCOMPARE(layoutTokenAxis(down(labels, 40 * 11)).labels.size(), std::size_t(40));
        for (const auto& layout :
             {layoutTokenAxis(across(labels, 40 * 8)), layoutTokenAxis(down(labels, 40 * 8))}) {
            QVERIFY(layout.form != TokenAxisForm::ticks);
            QCOMPARE(layout.step, 2);
            QCOMPARE(layout.labels.size(), std::size_t(20));
            QCOMPARE(layout.minorTicks.size(), std::size_t(20));  // a mark at the place of each
            QCOMPARE(layout.labels[3].token, 6);
            QCOMPARE(layout.labels[3].text, labels[6]);
        }
        QVERIFY(layoutTokenAxis(down(labels, 40 * 8)).indices);  // which one it is
        QCOMPARE(layoutTokenAxis(across(words(4096, 4), 600)).form, TokenAxisForm::ticks);
        QCOMPARE(layoutTokenAxis(down(words(4096, 4), 600)).form, TokenAxisForm::ticks);
    }

    // For many sizes: what is drawn of neighbours has room between them.
    void neighboursNeverOverlap() {
        for (const int count : {1, 2, 9, 33, 64, 200, 500, 4096})
            for (const int length : {1, 3, 9, 40})
                for (const double pixels : {120.0, 420.0, 700.0, 1300.0}) {
                    const auto labels = words(count, length);
                    const auto key = layoutTokenAxis(across(labels, pixels));
                    const auto query = layoutTokenAxis(down(labels, pixels));
                    for (std::size_t i = 1; i < key.labels.size(); ++i) {
                        const double apart = key.labels[i].at - key.labels[i - 1].at;
                        const double half =
                            (sevenEach(key.labels[i].text) + sevenEach(key.labels[i - 1].text)) / 2;
                        switch (key.form) {
                            case TokenAxisForm::horizontal:
                                QVERIFY(apart >= half);
                                break;
                            case TokenAxisForm::turned60:
                                QVERIFY(apart * 0.866 >= 12);
                                break;
                            case TokenAxisForm::turned90:
                                QVERIFY(apart >= 10.9);
                                break;
                            case TokenAxisForm::ticks:
                                QVERIFY(apart >= half);
                                break;
                        }
                    }
                    for (std::size_t i = 1; i < query.labels.size(); ++i)
                        QVERIFY(query.labels[i].at - query.labels[i - 1].at >= 10.9);
                    QVERIFY2(key.breadth <= 112 && query.breadth <= 132,
                             qPrintable(QString("%1 %2").arg(key.breadth).arg(query.breadth)));
                }
    }

    void longTokensAreElidedAndSayso() {
        QCOMPARE(elided("abcdefgh", 35, sevenEach), QString("abcd…"));
        QCOMPARE(elided("abc", 35, sevenEach), QString("abc"));
        QCOMPARE(elided("abc", 3, sevenEach), QString("…"));
        const QString face = QString::fromUtf8("a😀b");  // never half a character
        QCOMPARE(elided(face, 21, sevenEach), QString("a…"));
    }

    void ticksCarryRoundIndicesAndTheFirstPieces() {
        const auto labels = words(1500, 4);
        const auto layout = layoutTokenAxis(across(labels, 600));
        QCOMPARE(layout.form, TokenAxisForm::ticks);
        QCOMPARE(layout.labels[1].token % 10, 0);
        QVERIFY(layout.labels[1].text.startsWith(labels[layout.labels[1].token].left(4)));
        QVERIFY(!layout.minorTicks.empty());
    }

    void onlyWhatIsSeenIsLaidOut() {
        const auto labels = words(500, 4);
        auto request = across(labels, 600);
        request.lower = 100.5;
        request.upper = 110.5;
        const auto layout = layoutTokenAxis(request);
        QCOMPARE(layout.labels.front().token, 100);  // its middle is at the very edge
        QCOMPARE(layout.labels.back().token, 110);
    }

    void anEmptyAxisIsEmpty() {
        const QStringList none;
        QVERIFY(layoutTokenAxis(across(none, 100)).labels.empty());
        QVERIFY(layoutTokenAxis(TokenAxisRequest{}).labels.empty());
    }
};

QTEST_MAIN(TokenAxisTest)
#include "token_axis_test.moc"
