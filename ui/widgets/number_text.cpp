#include "ui/widgets/number_text.h"

#include <QCoreApplication>
#include <cmath>

namespace attnviz::ui {
namespace {

constexpr QChar kMinus(0x2212), kThinSpace(0x2009);

QString tr(const char* text) {
    return QCoreApplication::translate("Numbers", text);
}

QString withTrueMinus(QString text) {
    return text.replace('-', kMinus);
}

}  // namespace

QString weightText(double weight) {
    if (std::isnan(weight)) return QStringLiteral("–");
    if (weight == 0) return QStringLiteral("0");
    if (std::abs(weight) >= 0.0001) return withTrueMinus(QString::number(weight, 'f', 4));
    QString text = QString::number(weight, 'e', 1);  // 3.1e-06
    const auto e = text.indexOf('e');
    return withTrueMinus(text.left(e + 1) + QString::number(text.mid(e + 1).toInt()));
}

QString cellText(double weight) {
    if (!(std::abs(weight) >= 0.005)) return {};
    QString text = QString::number(weight, 'f', 2);
    if (text.startsWith("0.")) text.remove(0, 1);
    if (text.startsWith("-0.")) text.remove(1, 1);
    return withTrueMinus(text);
}

QString scoreText(double score, int decimals) {
    if (!std::isfinite(score)) return QStringLiteral("–");
    return withTrueMinus(QString::number(score, 'f', decimals));
}

QString countText(qint64 count) {
    QString digits = QString::number(count < 0 ? -count : count);
    for (auto place = digits.size() - 3; place > 0; place -= 3) digits.insert(place, kThinSpace);
    return count < 0 ? kMinus + digits : digits;
}

QString percentText(double share) {
    if (!std::isfinite(share)) return QStringLiteral("–");
    return withTrueMinus(QString::number(share * 100, 'f', 1)) + kThinSpace + '%';
}

QString headCountText(qint64 heads) {
    return heads == 1 ? tr("1 head") : tr("%1 heads").arg(countText(heads));
}

QString layerCountText(qint64 layers) {
    return layers == 1 ? tr("1 layer") : tr("%1 layers").arg(countText(layers));
}

QString tokenCountText(qint64 tokens) {
    return tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(countText(tokens));
}

QString meanOfHeadsText(qint64 heads) {
    return heads == 1 ? headCountText(1) : tr("mean of %1 heads").arg(countText(heads));
}

}  // namespace attnviz::ui
